import type { CompletionModel, OptionModel, OptionValue } from './model.ts';

/** A completion script for bash 3.2 (macOS) and later. */
export function bashScript({ program, options, commands }: CompletionModel): string {
  const name = `_${program.replaceAll(/\W/g, '_')}`;
  const all: readonly [command: string, options: readonly OptionModel[]][] = [
    ['', options],
    ...commands.map((command): [string, readonly OptionModel[]] => [command.name, command.options]),
  ];
  const values = all.flatMap(([command, known]) => known.flatMap((option) => valueOf(command, option)));
  const findings = Map.groupBy(values, ({ finding }) => finding);
  const words: readonly [command: string, words: readonly string[]][] = [
    ['', [...commands.map((command) => command.name), ...namesOf(options)]],
    ...commands.map((command): [string, readonly string[]] => [
      command.name,
      [...command.choices, ...namesOf(command.options)],
    ]),
  ];
  return `# Completion of ${program} for bash, written by "${program} completion bash".
${name}() {
  local IFS=$' \\t\\n' cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' index
  COMPREPLY=()
  # --option=value comes as three words
  if [ "$cur" = = ]; then
    cur=''
  elif [ "$prev" = = ]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      ${commands.map((command) => command.name).join('|')})
        command=\${COMP_WORDS[index]}
        break
        ;;
    esac
  done
  case "$command $prev" in
${
    [...findings].map(([finding, patterns]) =>
      `    ${patterns.map(({ pattern }) => pattern).join(' | ')})\n${finding}      return\n      ;;\n`
    ).join('')
  }  esac
  case $command in
${words.map(([command, list]) => `    '${command}') words='${list.join(' ')}' ;;\n`).join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F ${name} ${program}
`;
}

function namesOf(options: readonly OptionModel[]): string[] {
  return options.flatMap(({ names }) => names);
}

/** After which words a value is expected, as patterns, and the lines that find it. */
function valueOf(command: string, { names, value }: OptionModel): { pattern: string; finding: string }[] {
  if (value === undefined) return [];
  return [{ pattern: names.map((option) => `'${command} ${option}'`).join(' | '), finding: findingOf(value) }];
}

function findingOf({ kind, choices }: OptionValue): string {
  switch (kind) {
    case 'choice':
      return `      COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur"))\n`;
    case 'text':
      return '';
    case 'file':
    case 'directory':
      // One name a line; without compopt (bash 3.2) no slash is added to a directory.
      return `      IFS=$'\\n'\n      COMPREPLY=($(compgen -${kind === 'file' ? 'f' : 'd'} -- "$cur"))\n` +
        '      compopt -o filenames 2>/dev/null\n';
  }
}
