import type { Bytes } from './bytes.ts';
import { fromBase64 } from './bytes.ts';
import { withFreeBox } from './containers.ts';
import { HEVC_BASE64 } from './seeds/hevc.ts';
import { MOTION_BASE64 } from './seeds/motion.ts';
import { MOV_BASE64 } from './seeds/mov.ts';
import { MP4_BASE64 } from './seeds/mp4.ts';

/** What ffprobe says about a seed; from these Immich fills asset_video, asset_audio and asset_keyframe. */
export interface VideoFacts {
  readonly base64: string;
  readonly durationMs: number;
  readonly frames: number;
  readonly framesPerSecond: number;
  /** Ticks per second of the video track. */
  readonly timeBase: number;
  readonly bitrate: number;
  readonly codec: 'h264' | 'hevc';
  readonly profile: number;
  readonly level: number;
  readonly audio?: { readonly codec: 'aac'; readonly profile: number; readonly bitrate: number };
}

export const VIDEOS = Object.freeze(
  {
    mp4: {
      base64: MP4_BASE64,
      durationMs: 1500,
      frames: 15,
      framesPerSecond: 10,
      timeBase: 10_240,
      bitrate: 26_298,
      codec: 'h264',
      profile: 100,
      level: 12,
      audio: { codec: 'aac', profile: 2, bitrate: 8_506 },
    },
    hevc: {
      base64: HEVC_BASE64,
      durationMs: 1500,
      frames: 15,
      framesPerSecond: 10,
      timeBase: 10_240,
      bitrate: 22_042,
      codec: 'hevc',
      profile: 1,
      level: 30,
    },
    mov: {
      base64: MOV_BASE64,
      durationMs: 1200,
      frames: 12,
      framesPerSecond: 10,
      timeBase: 10_240,
      bitrate: 12_146,
      codec: 'h264',
      profile: 100,
      level: 12,
    },
    motion: {
      base64: MOTION_BASE64,
      durationMs: 1000,
      frames: 10,
      framesPerSecond: 10,
      timeBase: 10_240,
      bitrate: 18_520,
      codec: 'h264',
      profile: 100,
      level: 12,
    },
  } as const satisfies Record<string, VideoFacts>,
);
export type VideoFormat = keyof typeof VIDEOS;

/** A playable video; `unique` makes it different from all others. */
export function makeVideo(format: VideoFormat, unique: string): Bytes {
  return withFreeBox(fromBase64(VIDEOS[format].base64), unique);
}
