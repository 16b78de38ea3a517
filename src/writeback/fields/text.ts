/**
 * What XML 1.0 has no way to say, and with it no XMP: control characters, halves of surrogate pairs, two non-characters.
 * ExifTool would write a full stop or a question mark instead.
 */
// deno-lint-ignore no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Whether a file can hold this text and give it back unchanged. */
export function isWritable(text: string): boolean {
  return text.isWellFormed() && !UNWRITABLE.test(text);
}

/** The first `length` characters, each of them whole. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  return [...text.slice(0, length * 2)].slice(0, length).join('');
}

const encoder = new TextEncoder();

/** As much of a text as fits into so many bytes of UTF-8, each character whole: IPTC-IIM limits its fields that way. */
export function truncateToBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

/** One kind of line break: XML makes `\n` of the others. */
export function withPlainLineBreaks(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
}

/** Beginning of a text that is quoted in a message. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${truncate(text, 60)}…` : text);
}

/** The entries that can be written, without repetition, and a sentence for each of the others. */
export function writableEntries(entries: readonly string[], what: string): { entries: string[]; refused: string[] } {
  const plain = entries.map(withPlainLineBreaks);
  return {
    entries: [...new Set(plain.filter((entry) => isWritable(entry) && entry.trim() !== ''))],
    refused: plain.filter((entry) => !isWritable(entry))
      .map((entry) => `${what} ${excerpt(entry)} contains characters that metadata cannot hold`),
  };
}
