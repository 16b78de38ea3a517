import type { CommandModel, CompletionModel, OptionModel, OptionValue } from './model.ts';

/** A completion script for zsh: a file of its function path, or sourced after compinit. */
export function zshScript({ program, options, commands }: CompletionModel): string {
  return `#compdef ${program}
# Completion of ${program} for zsh, written by "${program} completion zsh".
_${program}() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
${options.map((option) => `    ${specOf(option)} \\\n`).join('')}    '1: :->command' \\
    '*:: :->arguments'
  case $state in
    command)
      local -a commands
      commands=(
${
    commands.map(({ name, description }) => `        ${quote(`${name}:${description.replaceAll(':', '\\:')}`)}\n`).join(
      '',
    )
  }      )
      _describe -t commands command commands
      ;;
    arguments)
      case $words[1] in
${commands.map(commandCase).join('')}      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _${program} ]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`;
}

function commandCase({ name, options, choices }: CommandModel): string {
  const specs = options.map(specOf);
  if (choices.length > 0) specs.push(quote(`*: :(${choices.join(' ')})`));
  const call = specs.length === 0 ? ':' : `_arguments ${specs.join(' \\\n            ')}`;
  return `        ${name})\n          ${call}\n          ;;\n`;
}

/** One option with all of its names, as _arguments wants it. */
function specOf({ names, description, value }: OptionModel): string {
  // "=": the value may be the next word, or stand behind such a sign.
  const specs = names.map((name) => value !== undefined && name.startsWith('--') ? `${name}=` : name);
  const text = `[${description.replaceAll(/[[\]\\]/g, '\\$&')}]${value === undefined ? '' : valueOf(value)}`;
  if (specs.length === 1) return quote(`${specs[0]}${text}`);
  return `${quote(`(${names.join(' ')})`)}{${specs.join(',')}}${quote(text)}`;
}

function valueOf({ name, kind, choices }: OptionValue): string {
  const finder = { choice: `(${choices.join(' ')})`, file: '_files', directory: '_files -/', text: ' ' }[kind];
  return `:${name.replaceAll(':', '\\:')}:${finder}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
