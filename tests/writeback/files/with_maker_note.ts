import { exifTool } from '../../harness/exiftool.ts';

/** Where the maker note lies in the TIFF that `carrier` makes; Canon's offsets count from its beginning. */
const NOTE_AT = 68;

/** The maker note of a camera whose clock is set to a zone. Made by hand: ExifTool changes such notes and makes none. */
const NOTES = {
  Canon: (minutes: number) => {
    const note = new DataView(new ArrayBuffer(34));
    note.setUint16(0, 1, true);
    entry(note, 2, { tag: 0x0035, type: 9, count: 4, value: NOTE_AT + 18 });
    // Size, minutes from UTC, city, summer time.
    [16, minutes, 0, 0].forEach((value, index) => note.setInt32(18 + index * 4, value, true));
    return new Uint8Array(note.buffer);
  },
  Nikon: (minutes: number) => {
    const note = new DataView(new ArrayBuffer(36));
    new TextEncoder().encodeInto('Nikon\0\x02\x10\0\0II*\0', new Uint8Array(note.buffer));
    note.setUint32(14, 8, true);
    note.setUint16(18, 1, true);
    entry(note, 20, { tag: 0x0024, type: 7, count: 4, value: minutes & 0xffff });
    return new Uint8Array(note.buffer);
  },
};

interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly value: number;
}

function entry(view: DataView, at: number, { tag, type, count, value }: Entry): void {
  view.setUint16(at, tag, true);
  view.setUint16(at + 2, type, true);
  view.setUint32(at + 4, count, true);
  view.setUint32(at + 8, value, true);
}

function carrier(make: string, note: Uint8Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(NOTE_AT + note.length));
  const bytes = new Uint8Array(view.buffer);
  bytes.set(new TextEncoder().encode('II*\0'));
  view.setUint32(4, 8, true);
  view.setUint16(8, 2, true);
  entry(view, 10, { tag: 0x010f, type: 2, count: make.length + 1, value: 38 });
  entry(view, 22, { tag: 0x8769, type: 4, count: 1, value: 48 });
  bytes.set(new TextEncoder().encode(make), 38);
  view.setUint16(48, 1, true);
  entry(view, 50, { tag: 0x927c, type: 7, count: note.length, value: NOTE_AT });
  bytes.set(note, NOTE_AT);
  return bytes;
}

/** Gives a file the maker note of a camera whose clock is so many minutes ahead of UTC. */
export async function addMakerNote(path: string, make: keyof typeof NOTES, minutes: number): Promise<void> {
  const from = `${path}.note.tif`;
  await Deno.writeFile(from, carrier(make, NOTES[make](minutes)));
  const args = ['-overwrite_original', '-tagsfromfile', from, '-IFD0:Make', '-MakerNotes', path];
  const { success, messages } = await exifTool(args);
  await Deno.remove(from);
  if (!success) throw new Error(messages);
}
