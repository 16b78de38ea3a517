import type { Command, Option } from 'commander';

/** What can be typed after the name of a program, as a shell has to know it. */
export interface CompletionModel {
  readonly program: string;
  /** Before a command. */
  readonly options: readonly OptionModel[];
  readonly commands: readonly CommandModel[];
}

export interface CommandModel {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionModel[];
  /** Words that its arguments can be. */
  readonly choices: readonly string[];
}

export interface OptionModel {
  /** With its dashes: `--job`. */
  readonly names: readonly string[];
  readonly description: string;
  /** What follows it; undefined for a flag. */
  readonly value: OptionValue | undefined;
}

/** `name`: what the help calls the value. `kind`: how to find possible values; nobody but the user knows `text`. */
export interface OptionValue {
  readonly name: string;
  readonly kind: 'choice' | 'file' | 'directory' | 'text';
  readonly choices: readonly string[];
}

/** Reads from a program what can be typed. Pure. */
export function modelOf(program: Command): CompletionModel {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  return {
    program: program.name(),
    options: optionsOf(program),
    commands: commands.map((command) => ({
      name: command.name(),
      description: firstLine(command.summary() || command.description()),
      options: command.name() === 'help' ? [] : optionsOf(command),
      choices: command.name() === 'help'
        ? names.filter((name) => name !== 'help')
        : command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    })),
  };
}

function optionsOf(command: Command): OptionModel[] {
  return command.createHelp().visibleOptions(command).map((option) => ({
    names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
    description: firstLine(option.description),
    value: valueOf(option),
  }));
}

function valueOf({ flags, required, optional, argChoices }: Option): OptionValue | undefined {
  if (!required && !optional) return undefined;
  const name = /[<[]([^>\].]+)/.exec(flags)?.[1] ?? 'value';
  if (argChoices !== undefined) return { name, kind: 'choice', choices: argChoices };
  const kind = /\b(?:file|path)\b/.test(name) ? 'file' : /\b(?:dir|directory)\b/.test(name) ? 'directory' : 'text';
  return { name, kind, choices: [] };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
