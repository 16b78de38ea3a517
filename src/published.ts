/** Whose it is on GitHub. Whatever else names it, in this repository, is compared with this (tests/packaging/published.test.ts). */
const NAME = 'immich-sidecar/immich-sidecar';

/** Where this program is published. */
export const PUBLISHED = Object.freeze({
  name: NAME,
  repository: `https://github.com/${NAME}`,
  /** The container's image, without a tag. */
  image: `ghcr.io/${NAME}`,
});

/** The address of a page of docs/, with its anchor if it has one, for a browser. */
export function docsAddress(page: string): string {
  return `${PUBLISHED.repository}/blob/main/docs/${page}`;
}
