/** What Immich's reverse geocoder makes of a position. */
export interface GeneratedPlace {
  readonly latitude: number;
  readonly longitude: number;
  readonly city: string;
  readonly state: string;
  readonly country: string;
  /** The zone of the place beats the offset in the file (docs/immich.md#what-immich-reads-from-files). */
  readonly timeZone: string;
}

export const PLACES = Object.freeze(
  {
    nice: {
      latitude: 43.6959,
      longitude: 7.27178,
      city: 'Nice',
      state: `Provence-Alpes-Côte d'Azur`,
      country: 'France',
      timeZone: 'Europe/Paris',
    },
    berlin: {
      latitude: 52.52437,
      longitude: 13.41053,
      city: 'Berlin',
      state: 'State of Berlin',
      country: 'Germany',
      timeZone: 'Europe/Berlin',
    },
    /** South and west: both signs are negative. */
    rio: {
      latitude: -22.9519,
      longitude: -43.2105,
      city: 'Rio de Janeiro',
      state: 'Rio de Janeiro',
      country: 'Brazil',
      timeZone: 'America/Sao_Paulo',
    },
    tokyo: {
      latitude: 35.6895,
      longitude: 139.6917,
      city: 'Tokyo',
      state: 'Tokyo',
      country: 'Japan',
      timeZone: 'Asia/Tokyo',
    },
  } as const satisfies Record<string, GeneratedPlace>,
);
export type PlaceKey = keyof typeof PLACES;
