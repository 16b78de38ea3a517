import { USER_KEYS } from '../accounts.ts';
import type { LibraryContext } from '../context.ts';
import { clusterGroupIdOf, faceIdOf, personIdOf, userIdOf } from '../ids.ts';
import type { Row } from '../insert.ts';
import type { PersonSpec } from '../people.ts';
import { PEOPLE, PERSON_KEYS } from '../people.ts';
import { portraitPathOf } from '../paths.ts';
import type { AssetSpec } from '../spec.ts';

export function clusterGroupRows(context: LibraryContext): readonly Row[] {
  const ids = USER_KEYS.map((user) => clusterGroupIdOf(context, user));
  return [...new Set(ids)].map((id) => ({ id }));
}

export function personGroupRows(context: LibraryContext): readonly Row[] {
  const groups = new Map(
    PERSON_KEYS.map((key) => [personIdOf(context, key), clusterGroupIdOf(context, PEOPLE[key].owner)]),
  );
  return [...groups].map(([id, clusterGroupId]) => ({ id, clusterGroupId }));
}

/** Without their covers: faces refer to people and people to faces. */
export function personRows(context: LibraryContext): readonly Row[] {
  return PERSON_KEYS.map((key) => {
    const person: PersonSpec = PEOPLE[key];
    const ownerId = userIdOf(context, person.owner);
    return {
      personGroupId: personIdOf(context, key),
      ownerId,
      name: person.name,
      birthDate: person.birthDate ?? null,
      color: person.color ?? null,
      isHidden: person.isHidden ?? false,
      isFavorite: person.isFavorite ?? false,
      thumbnailPath: portraitPathOf(context, ownerId, personIdOf(context, key)),
    };
  });
}

/** The face on each person's cover. Throws when the cover does not show the person. */
export function covers(
  specs: readonly AssetSpec[],
  context: LibraryContext,
): readonly { ownerId: string; personId: string; faceId: string }[] {
  return PERSON_KEYS.map((key) => {
    const { owner, cover } = PEOPLE[key];
    const faces = specs.find((spec) => spec.key === cover)?.faces ?? [];
    const index = faces.findIndex((face) => face.person === key);
    if (index < 0) throw new Error(`There is no face of ${key} on ${cover}.`);
    return {
      ownerId: userIdOf(context, owner),
      personId: personIdOf(context, key),
      faceId: faceIdOf(context, cover, index),
    };
  });
}
