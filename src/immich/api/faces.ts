import { z } from 'zod';
import type { Edit } from '../edits.ts';
import type { ImmichApi } from './client.ts';
import { ImmichApiError } from './failure.ts';
import { boxAnswer } from './search.ts';

const facesAnswer = z.array(boxAnswer.extend({ person: z.object({ id: z.guid() }).nullish() }));

const editsAnswer = z.object({
  edits: z.array(z.object({ action: z.string(), parameters: z.record(z.string(), z.unknown()) })),
});

export type FoundFace = z.output<typeof facesAnswer>[number];

/**
 * The visible faces of one asset, in the frame of the picture **as edited** (mapFaces of Immich). undefined when the
 * asset is gone, which Immich calls a bad request.
 */
export async function facesOf(api: ImmichApi, assetId: string): Promise<readonly FoundFace[] | undefined> {
  return await unlessGone(api.get('/faces', facesAnswer, { id: assetId }));
}

/** What a user did to a picture, in order. undefined when the asset is gone. */
export async function editsOf(api: ImmichApi, assetId: string): Promise<readonly Edit[] | undefined> {
  return (await unlessGone(api.get(`/assets/${assetId}/edits`, editsAnswer)))?.edits;
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ImmichApiError && error.kind === 'bad-request') return undefined;
    throw error;
  }
}
