import { FIELD_NAMES, FIELDS, USUAL_FIELDS } from '../src/writeback/fields/fields.ts';

const BEGIN = '<!-- Written by tools/fields_table.ts from src/writeback/fields/. Edit those, then run\n' +
  '     UPDATE_REFERENCE=1 deno test -A tests/writeback/fields/list.test.ts -->';
const END = '<!-- The end of what is written by tools/fields_table.ts -->';

/** The table of docs/writing.md: each field with its flag, its tags, and what they say. */
export function renderFieldsTable(): string {
  const rows = FIELD_NAMES.map((name) => {
    const { flag, tags, meaning } = FIELDS[name];
    return [`\`--${flag}\``, tags.map((tag) => `\`${tag.name}\``).join(', '), meaning];
  });
  const all = ['`--all`', USUAL_FIELDS.map((name) => `\`--${FIELDS[name].flag}\``).join(' '), ''];
  const lines = [['flag', 'tags', 'what they say'], ['---', '---', '---'], ...rows, all];
  return `${BEGIN}\n\n${
    lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')
  }\n\n${END}`;
}

/** A page with the table as it is now in place of the one that stands in it. Throws when it has none. */
export function withFieldsTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('The page has no place for the table of fields.');
  return page.slice(0, begin) + renderFieldsTable() + page.slice(end + END.length);
}
