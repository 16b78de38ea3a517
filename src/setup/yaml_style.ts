import type { Document, ToStringOptions } from 'yaml';

/** The text of a document that was changed, written as the old text was: what nobody has changed stays as it is. Pure. */
export function yamlTextOf(document: Document, old: string): string {
  return document.toString(styleOf(old));
}

function styleOf(text: string): ToStringOptions {
  const [, indent = '  '] = /^( {2,8})\S/m.exec(text) ?? [];
  return {
    lineWidth: 0,
    indent: Math.min(indent.length, 4),
    // A list right below its key: some write it with, some without spaces before the "-".
    indentSeq: !/^( *)[^\s#-][^\n]*:[^\S\n]*(?:#[^\n]*)?\n(?:[^\S\n]*(?:#[^\n]*)?\n)*\1- /m.test(text),
    flowCollectionPadding: /[[{] \S/.test(text),
  };
}
