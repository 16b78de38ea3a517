/** Where tags are written: into the media file, into its XMP sidecar, or both. */
export type Destination = 'embed' | 'sidecar' | 'both';
