import assert from 'node:assert/strict';
import { refusal } from '../../src/writeback/exiftool_errors.ts';

const CASES: readonly [messages: string, outcome: 'unwritable' | 'failed'][] = [
  // What the file is to blame for: ExifTool 13.59 over files of other projects.
  ['Error: Writing of AVI files is not yet supported - /photos/film.avi', 'unwritable'],
  ['Error: Media data referenced but not found - /photos/a.avif', 'unwritable'],
  ['Error: StripOffsets not found - /photos/a.tif', 'unwritable'],
  ['Warning: PNG image did not start with IHDR - /p/a.png\nError: Error writing output file - /p/a.png', 'unwritable'],
  ['Warning: Corrupted PNG image - /p/a.png\nError: Error writing output file - /p/a.png', 'unwritable'],
  ['Error: Truncated mdat atom - /photos/a.mp4', 'unwritable'],
  // What may be over the next time.
  ['Error: Error writing output file - /photos/a.jpg', 'failed'],
  ['Warning: [minor] Ignored empty rdf:Bag list - /p/a.jpg\nError: Error writing output file - /p/a.jpg', 'failed'],
  ['Error: File not found - /photos/a.jpg', 'failed'],
  ['Error: Error creating file - /photos/.immich-sidecar-1.jpg', 'failed'],
  [
    'Warning: Invalid EXIF text encoding - /p/a.jpg\nError: Error creating file - /photos/.immich-sidecar-1.jpg',
    'failed',
  ],
  ['Warning: Invalid EXIF text encoding - /p/a.jpg\nError: File not found - /photos/a.jpg', 'failed'],
  ['Warning: Invalid EXIF text encoding - /p/a.jpg\nError: Truncated mdat atom - /photos/a.mp4', 'unwritable'],
  ['', 'failed'],
];

for (const [messages, outcome] of CASES) {
  Deno.test(`${JSON.stringify(messages)} is ${outcome === 'failed' ? 'tried again' : 'the fault of the file'}`, () => {
    assert.equal(refusal('/photos/a', messages).problem.outcome, outcome);
  });
}
