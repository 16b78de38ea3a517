import { Linker } from '../../src/files/linker.ts';

/** As many as are remembered, and twice as many again. */
const [FIRST, ALL] = [11_000, 33_000];

/**
 * Links a file in each of 33,000 directories below the one that is given, and prints by how many bytes the heap has grown
 * since the first 11,000. Needs `--v8-flags=--expose-gc`.
 */
function main(directory: string): void {
  const linker = new Linker([directory]);
  Deno.writeTextFileSync(`${directory}/photo.jpg`, '');
  const photo = linker.inspect(`${directory}/photo.jpg`);
  let heapBytes = 0;
  for (let number = 0; number < ALL; number++) {
    const target = `${directory}/${number % 256}/${'long name '.repeat(10)}${number}/photo.jpg`;
    linker.link(photo, target);
    linker.inspect(target);
    if (number === FIRST) heapBytes = usedBytes();
  }
  const grownBytes = usedBytes() - heapBytes;
  linker.inspect(`${directory}/photo.jpg`); // so that the linker is still in use when the heap is measured
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ grownBytes })));
}

function usedBytes(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return Deno.memoryUsage().heapUsed;
}

main(Deno.args[0] ?? '');
