import type { ShownAs } from '../records/source.ts';

/** Directories of a user in an export. */
export const PHOTOS = 'photos';
export const ALBUMS_DIRECTORY = 'albums';
export const PEOPLE_DIRECTORY = 'people';

/** File systems allow 255 bytes; a sidecar's name is longer by four, and a number may be added. */
const LONGEST_NAME_BYTES = 240;

/** What no usual file system can have in a name, Windows' among them. */
// deno-lint-ignore no-control-regex
const UNFIT = /[\u0000-\u001f\u007f<>:"/\\|?*]/g;

/** Names that mean devices to Windows. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/** A name that every file system can have, as like to this one as can be; never empty, hidden, `.` or `..`. Pure. */
export function fitName(name: string): string {
  const plain = name.toWellFormed().normalize('NFC').replace(UNFIT, '_').replace(/^[\s.]+|[\s.]+$/g, '')
    .replace(DEVICES, '$&_');
  return shortened(plain === '' ? '_' : plain, LONGEST_NAME_BYTES);
}

/** Keeps the end by which programs know a format. */
function shortened(name: string, bytes: number): string {
  const [base, ending] = split(name);
  const encoder = new TextEncoder();
  let kept = [...base];
  while (encoder.encode(kept.join('') + ending).length > bytes && kept.length > 1) kept = kept.slice(0, -1);
  return kept.join('') + ending;
}

/** `IMG_1.jpg` is `IMG_1` and `.jpg`. */
export function split(name: string): readonly [base: string, ending: string] {
  const ending = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? '';
  return [name.slice(0, name.length - ending.length), ending];
}

/** Where a photo lies below the directory of its user: by the day that Immich shows. Pure. */
export function exportPlaceOf({ fileName, localDateTime }: ShownAs): string {
  const [year = '', month = ''] = /^\d{4}-\d{2}/.exec(localDateTime)?.[0].split('-') ?? [];
  const directory = year === '' ? 'undated' : `${year}/${year}-${month}`;
  return `${PHOTOS}/${directory}/${fitName(fileName)}`;
}

/** The nth name for something whose own is taken: `IMG_1 (2).jpg`. */
export function numbered(path: string, number: number): string {
  if (number === 1) return path;
  const [base, ending] = split(path);
  return `${base} (${number})${ending}`;
}
