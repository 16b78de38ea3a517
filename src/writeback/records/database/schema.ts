import type { Catalog } from '../../../immich/catalog.ts';
import type { PeopleModel } from '../../../immich/people.ts';

/** The live database, as far as the statements in this folder depend on its release. */
export interface ReadSchema {
  readonly catalog: Catalog;
  readonly people: Pick<PeopleModel, 'personKey' | 'faceKey'>;
}
