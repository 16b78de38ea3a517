import { textOf } from '../packaging/repository.ts';

/** The `sh` blocks of a page, in their order, as they stand there. */
export function blocksOf(page: string): string[] {
  return [...textOf(page).matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = '']) => block);
}

/** The commands of a block, without comments and empty lines. */
export function commandsOf(block: string): string[] {
  return block.split('\n').map((line) => line.replace(/(?:^|\s)#.*$/, '').trim()).filter((line) => line !== '');
}
