import type { Book, ExportEntry } from './book.ts';

/** Names of the lists of all that is in an export. */
export const MANIFESTS = Object.freeze({ json: 'manifest.json', csv: 'manifest.csv' });

/** Writes both lists anew: path, kind, id of the asset in Immich, SHA-256 (of a link in an album or a person: the path of its original) and size. */
export function writeManifests(book: Book): void {
  write(book, MANIFESTS.json, function* () {
    yield '[\n';
    let isFirst = true;
    for (const entry of book.all()) {
      yield `${isFirst ? '' : ',\n'}${JSON.stringify(shownEntry(entry))}`;
      isFirst = false;
    }
    yield '\n]\n';
  });
  write(book, MANIFESTS.csv, function* () {
    yield 'path,kind,assetId,sha256,linksTo,size\r\n';
    for (const entry of book.all()) {
      const { path, kind, assetId, sha256 = '', linksTo = '', size = '' } = shownEntry(entry);
      yield `${[path, kind, assetId, sha256, linksTo, size].map(cell).join(',')}\r\n`;
    }
  });
}

function shownEntry({ path, kind, assetId, digest, size }: ExportEntry) {
  if (kind === 'link') return { path, kind, assetId, linksTo: digest };
  return { path, kind, assetId, sha256: digest, size };
}

/** RFC 4180. A cell that a spreadsheet would compute gets a quote in front. */
function cell(value: string | number): string {
  const text = /^[=+\-@\t\r]/.test(String(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function write({ directory }: Book, name: string, lines: () => Generator<string>): void {
  const temporary = `${directory}/.immich-sidecar-${crypto.randomUUID().slice(0, 13)}`;
  const encoder = new TextEncoder();
  {
    using file = Deno.openSync(temporary, { createNew: true, write: true });
    for (const line of lines()) {
      const bytes = encoder.encode(line);
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    }
    file.syncSync();
  }
  Deno.renameSync(temporary, `${directory}/${name}`);
}
