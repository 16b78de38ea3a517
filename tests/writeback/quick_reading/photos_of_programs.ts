import assert from 'node:assert/strict';
import fc from '../../harness/drawing.ts';
import { encodeJpeg } from '../../../src/demo/library_generator/media/jpeg.ts';
import { drawPicture } from '../../../src/demo/library_generator/media/picture.ts';
import { makeFile } from '../files/media.ts';
import { photoWithEverything } from '../files/photo_with_everything.ts';
import type { Comparison } from './compare.ts';
import { wishes } from './tags_of_programs.ts';

/** Photos into which ExifTool has written what programs leave there, in many combinations that follow from a seed. */
export async function photosOfPrograms(comparison: Comparison, count: number, seed = Date.now()): Promise<string[]> {
  const bases = [makeFile('jpg'), photoWithEverything(), encodeJpeg(drawPicture('sea', 1, 16, 16))];
  const input = `${comparison.directory}/tags.json`;
  const paths: string[] = [];
  for (const { tags, options } of fc.sample(wishes(), { numRuns: count, seed })) {
    const path = comparison.newPath('jpg');
    Deno.writeFileSync(path, bases[paths.length % bases.length] ?? new Uint8Array());
    Deno.writeTextFileSync(input, JSON.stringify([{ SourceFile: '*', ...tags }]));
    const args = ['-n', '-m', '-struct', '-charset', 'filename=UTF8', ...options];
    const { output, messages } = await comparison.pool.run([...args, '-overwrite_original', `-json=${input}`, path]);
    assert.match(`${output}${messages}`, /1 image files (?:updated|unchanged)/);
    paths.push(path);
  }
  return paths;
}
