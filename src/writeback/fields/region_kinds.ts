/** Ways in which programs write faces: that of the Metadata Working Group, and Microsoft's. */
export const REGION_KINDS = Object.freeze(['mwg', 'mp'] as const);

export type RegionKind = typeof REGION_KINDS[number];
