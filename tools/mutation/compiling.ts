import { applied, type Named } from './mutant.ts';
import type { Place } from './place.ts';

/**
 * The first `count` mutants that have the right types, in their order; SQL is no part of the types. Kept in a file, as a run that goes on needs the same.
 *
 * Types are checked with one mutant in each file at a time: an error in a file is due to the mutant in there, and what else has errors is found by halves.
 */
export async function chosenOf(place: Place, drawn: readonly Named[], count: number, path: string): Promise<Named[]> {
  const byId = new Map(drawn.map((mutant) => [mutant.id, mutant]));
  const kept: readonly string[] = JSON.parse(await Deno.readTextFile(path).catch(() => '[]'));
  const all = kept.flatMap((id) => byId.get(id) ?? []);
  if (all.length > 0) return all.slice(0, count);
  // Of five, less than one does not compile.
  const candidates = drawn.slice(0, Math.ceil(count * 1.3));
  const wrong = new Set<Named>();
  let left = candidates.filter(({ isSql }) => !isSql);
  while (left.length > 0) {
    const batch = [...new Map(left.map((mutant) => [mutant.file, mutant])).values()];
    for (const mutant of await withErrors(place, batch)) wrong.add(mutant);
    const tried = new Set(batch);
    left = left.filter((mutant) => !tried.has(mutant));
  }
  const chosen = candidates.filter((mutant) => !wrong.has(mutant)).slice(0, count);
  await Deno.writeTextFile(path, JSON.stringify(chosen.map(({ id }) => id)));
  return chosen;
}

/** @param batch of different files */
async function withErrors(place: Place, batch: readonly Named[]): Promise<Named[]> {
  if (batch.length === 0) return [];
  const texts = await Promise.all(batch.map(({ file }) => Deno.readTextFile(`${place.directory}/${file}`)));
  const write = (of: (text: string, mutant: Named) => string) =>
    Promise.all(batch.map(async (mutant, index) => {
      await Deno.writeTextFile(`${place.directory}/${mutant.file}`, of(texts[index] ?? '', mutant));
    }));
  await write(applied);
  const files = await place.filesWithErrors();
  await write((text) => text);
  if (files.size === 0) return [];
  const own = batch.filter(({ file }) => files.has(file));
  if (own.length === files.size) return own;
  if (own.length > 0) return [...own, ...await withErrors(place, batch.filter((mutant) => !own.includes(mutant)))];
  if (batch.length === 1) return [...batch];
  const half = Math.ceil(batch.length / 2);
  return [...await withErrors(place, batch.slice(0, half)), ...await withErrors(place, batch.slice(half))];
}
