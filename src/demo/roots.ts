/** Where the demo's Immich believes its media and its external libraries to be; on this machine they lie elsewhere. */
export const MEDIA_LOCATION = '/data';
export const EXTERNAL_ROOT = '/external_library';
