import { Argument, Command } from 'commander';
import { EXIT } from '../errors.ts';
import { bashScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import { type CompletionModel, modelOf } from './completion/model.ts';
import { zshScript } from './completion/zsh.ts';
import { type Environment, print } from './output.ts';

const SCRIPTS: Readonly<Record<string, (model: CompletionModel) => string>> = Object.freeze({
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
});

/** `immich-sidecar completion`: prints what a shell needs to complete this program's commands and options. */
export function completionCommand(_env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('completion')
    .description('Print a script that lets a shell complete commands and options')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', EXAMPLES);
  return command.action((shell: string) => {
    print(SCRIPTS[shell]?.(modelOf(command.parent ?? command)) ?? '');
    onExit(EXIT.ok);
  });
}

const EXAMPLES = `
Examples:
  bash   immich-sidecar completion bash \\
           > ~/.local/share/bash-completion/completions/immich-sidecar
         or into ~/.bashrc:  eval "$(immich-sidecar completion bash)"
  zsh    immich-sidecar completion zsh > "\${fpath[1]}/_immich-sidecar"
         or into ~/.zshrc, after compinit:
           source <(immich-sidecar completion zsh)
  fish   immich-sidecar completion fish \\
           > ~/.config/fish/completions/immich-sidecar.fish

Open a new shell afterwards. Do it again after an update: the script holds the
commands and options of this version.`;
