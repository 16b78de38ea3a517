import { isVideo } from '../media/media.ts';
import type { VideoFacts } from '../media/video.ts';
import { VIDEOS } from '../media/video.ts';
import type { Row } from '../insert.ts';
import type { PlannedAsset } from '../plan.ts';
import { hasDone } from '../readiness.ts';

/** ffmpeg's number for "not specified". */
const UNSPECIFIED_COLOR = 2;

function factsOf(asset: PlannedAsset): VideoFacts | undefined {
  const { format } = asset.spec;
  return isVideo(format) && hasDone(asset.spec, 'metadata') ? VIDEOS[format] : undefined;
}

export function videoRow(asset: PlannedAsset): Row | undefined {
  const facts = factsOf(asset);
  return facts && {
    assetId: asset.id,
    bitrate: facts.bitrate,
    frameCount: facts.frames,
    timeBase: facts.timeBase,
    index: 0,
    profile: facts.profile,
    level: facts.level,
    colorPrimaries: UNSPECIFIED_COLOR,
    colorTransfer: UNSPECIFIED_COLOR,
    colorMatrix: UNSPECIFIED_COLOR,
    codecName: facts.codec,
    formatName: 'mov,mp4,m4a,3gp,3g2,mj2',
    formatLongName: 'QuickTime / MOV',
    pixelFormat: 'yuv420p',
  };
}

export function audioRow(asset: PlannedAsset): Row | undefined {
  const audio = factsOf(asset)?.audio;
  return audio && {
    assetId: asset.id,
    bitrate: audio.bitrate,
    index: 1,
    profile: audio.profile,
    codecName: audio.codec,
  };
}

/** The seeds have one keyframe, the first frame. */
export function keyframeRow(asset: PlannedAsset): Row | undefined {
  const facts = factsOf(asset);
  if (facts === undefined) return undefined;
  const ticksPerFrame = facts.timeBase / facts.framesPerSecond;
  return {
    assetId: asset.id,
    pts: [0],
    accDuration: [ticksPerFrame],
    ownDuration: [ticksPerFrame],
    totalDuration: ticksPerFrame * facts.frames,
    packetCount: facts.frames,
    outputFrames: facts.frames,
  };
}
