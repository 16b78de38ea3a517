import type { CompletionModel, OptionModel, OptionValue } from './model.ts';

/** A completion script for fish. */
export function fishScript({ program, options, commands }: CompletionModel): string {
  const names = commands.map(({ name }) => name).join(' ');
  const line = (...words: string[]) => `complete -c ${program} ${words.join(' ')}\n`;
  const before = `-n ${quote(`not __fish_seen_subcommand_from ${names}`)}`;
  return `# Completion of ${program} for fish, written by "${program} completion fish".\n` +
    line('-f') +
    options.map((option) => line(before, optionOf(option))).join('') +
    commands.map(({ name, description }) => line(before, `-a ${name} -d ${quote(description)}`)).join('') +
    commands.flatMap((command) => {
      const after = `-n ${quote(`__fish_seen_subcommand_from ${command.name}`)}`;
      return [
        ...command.choices.length === 0 ? [] : [line(after, `-a ${quote(command.choices.join(' '))}`)],
        ...command.options.map((option) => line(after, optionOf(option))),
      ];
    }).join('');
}

function optionOf({ names, description, value }: OptionModel): string {
  const flags = names.map((name) => name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`);
  return [...flags, ...value === undefined ? [] : [valueOf(value)], `-d ${quote(description)}`].join(' ');
}

function valueOf({ kind, choices }: OptionValue): string {
  switch (kind) {
    case 'choice':
      return `-x -a ${quote(choices.join(' '))}`;
    case 'file':
      return '-r -F';
    case 'directory':
      return "-x -a '(__fish_complete_directories)'";
    case 'text':
      return '-x';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
