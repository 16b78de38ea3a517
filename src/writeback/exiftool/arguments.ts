/**
 * ExifTool takes its arguments one a line. Nothing that comes from Immich or from a file name may end a line, begin with a
 * dash where a file is expected, or be changed on the way.
 */

/** Before every command: values as they are stored, file names as they are. */
export const PLAIN_ARGUMENTS: readonly string[] = Object.freeze(['-n', '-charset', 'filename=UTF8']);

/** Whether ExifTool can be told of this file at all: its notation for line breaks has none for `$`, `@` and `%`. */
export function isNameable(path: string): boolean {
  return path.startsWith('/') && !path.includes('\0') && !(/[\r\n]/.test(path) && /[$@%]/.test(path));
}

/** The path of a file as an argument. It is absolute, so that it does not look like an option. */
export function pathArgument(path: string): string {
  if (!isNameable(path)) throw new TypeError(`ExifTool cannot be told of this file: ${JSON.stringify(path)}`);
  if (!/[\r\n]/.test(path)) return path;
  // A line with escapes; a backslash stands for itself only when doubled.
  return `#[CSTR]${path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}`;
}

/**
 * Where option -o is to make a copy of a file in the same directory, as an argument. `%` begins a code there and cannot be
 * escaped, but `%d` is the directory of the source.
 */
export function siblingArgument(path: string): string {
  return path.includes('%') ? `%d${path.slice(path.lastIndexOf('/') + 1)}` : pathArgument(path);
}

/** `-Tag+=value` and the like. The value is for ExifTool's option -E, which undoes the escapes. */
export function assignment(tag: string, operator: '=' | '+=' | '-=', value: string): string {
  if (!/^[A-Za-z0-9-]+:[A-Za-z0-9-]+$/.test(tag)) throw new TypeError(`Not the name of a tag: ${JSON.stringify(tag)}`);
  return `-${tag}${operator}${escapeAll(value)}`;
}

/** All XMP of a file, for option -E: what would end the line, or would be taken for an escape, is escaped; the rest is as it is. */
export function packetArgument(packet: string): string {
  return `-XMP=${packet.replace(/[&\r\n]/g, (character) => `&#${character.codePointAt(0)};`)}`;
}

/**
 * Text for ExifTool's JSON import under -E. Entities would be resolved and `base64:` decoded; and a backslash before `u` makes
 * it look for a character code, escaped or not.
 */
export function importedText(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('\\', '&#92;').replace(/^base64:/, '&#98;ase64:');
}

/** Everything but letters and digits of ASCII as entities: no character of the value means anything to ExifTool. */
function escapeAll(value: string): string {
  return value.replace(/[^A-Za-z0-9]/gu, (character) => `&#${character.codePointAt(0)};`);
}
