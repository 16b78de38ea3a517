import { randomNumbers } from './random.ts';

/** RGBA, row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

type Colour = readonly [red: number, green: number, blue: number];

interface Scene {
  readonly skyTop: Colour;
  readonly skyBottom: Colour;
  readonly ground: Colour;
  readonly light: Colour;
}

/** What the pictures show; a WebP thumbnail exists for each (`seeds/webp.ts`, drawn by this very code). */
export const SCENES = Object.freeze(
  {
    sea: { skyTop: [64, 140, 220], skyBottom: [200, 230, 250], ground: [20, 90, 150], light: [255, 250, 210] },
    meadow: { skyTop: [110, 180, 240], skyBottom: [235, 245, 250], ground: [80, 150, 60], light: [255, 240, 150] },
    dunes: { skyTop: [235, 150, 90], skyBottom: [250, 220, 170], ground: [200, 150, 80], light: [255, 255, 235] },
    night: { skyTop: [10, 12, 40], skyBottom: [50, 50, 110], ground: [15, 20, 35], light: [240, 240, 255] },
    snow: { skyTop: [150, 180, 210], skyBottom: [225, 232, 240], ground: [240, 245, 250], light: [255, 235, 200] },
    evening: { skyTop: [90, 40, 110], skyBottom: [245, 120, 80], ground: [50, 30, 60], light: [255, 210, 90] },
  } as const satisfies Record<string, Scene>,
);
export type SceneName = keyof typeof SCENES;

/**
 * Draws a landscape: sky, sun or moon, three hills and a house. Neighbours on disk shall look different at a
 * glance, so the positions depend on `variant` (any number).
 */
export function drawPicture(scene: SceneName, variant: number, width: number, height: number): Picture {
  const colours = SCENES[scene];
  const random = randomNumbers(variant, `picture:${scene}`);
  const sun = { x: (0.15 + 0.7 * random()) * width, y: (0.12 + 0.25 * random()) * height, radius: 0.09 * height };
  const hills = [0.5, 0.62, 0.74].map((base, index) => {
    const amplitude = (0.04 + 0.08 * random()) * height;
    const waves = 6.3 * (1 + 2 * random()) / width;
    const phase = 6.3 * random();
    const tops = Array.from({ length: width }, (_, x) => base * height + amplitude * Math.sin(x * waves + phase));
    return { tops, colour: blend(colours.skyBottom, colours.ground, 0.4 + 0.3 * index) };
  });
  const house = { x: (0.1 + 0.6 * random()) * width, y: 0.68 * height, size: (0.12 + 0.06 * random()) * height };
  const wall: Colour = [120 + 120 * random(), 60 + 120 * random(), 50 + 80 * random()];
  return paint(width, height, (x, y, sky) => {
    if (isHouse(house, x, y)) return wall;
    const hill = hills.findLast(({ tops }) => y > (tops[x] ?? 0));
    if (hill !== undefined) return hill.colour;
    return (x - sun.x) ** 2 + (y - sun.y) ** 2 < sun.radius ** 2 ? colours.light : sky;
  }, (y) => blend(colours.skyTop, colours.skyBottom, y / height));
}

/** The square portrait that Immich would cut out for a person: a head on a plain background. */
export function drawPortrait(variant: number, size: number): Picture {
  const random = randomNumbers(variant, 'portrait');
  const background: Colour = [90 + 150 * random(), 90 + 150 * random(), 90 + 150 * random()];
  const skin = blend([255, 224, 196], [110, 70, 45], random());
  const hair = blend([40, 25, 20], [220, 190, 120], random());
  return paint(size, size, (column, row) => {
    const x = column / size - 0.5;
    const y = row / size - 0.5;
    if (Math.abs(x) < 0.1 && Math.abs(y - 0.2 + 2 * x ** 2) < 0.012) return [150, 40, 50];
    if ((Math.abs(x) - 0.11) ** 2 + (y + 0.03) ** 2 < 0.001) return [20, 20, 30];
    if (x ** 2 / 0.08 + (y - 0.03) ** 2 / 0.12 < 1) return skin;
    return x ** 2 / 0.11 + (y + 0.06) ** 2 / 0.14 < 1 ? hair : background;
  }, () => background);
}

/** The picture turned by 90° clockwise, as a viewer shows it for EXIF orientation 6. */
export function turnClockwise(picture: Picture): Picture {
  const { width, height } = picture;
  const source = new Uint32Array(picture.data.buffer);
  const target = new Uint32Array(source.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) target[x * height + (height - 1 - y)] = source[y * width + x] ?? 0;
  }
  return { width: height, height: width, data: new Uint8Array(target.buffer) };
}

/** A rectangle of the picture, in pixels. */
export function cropPicture(
  picture: Picture,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): Picture {
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * picture.width + x) * 4;
    data.set(picture.data.subarray(start, start + width * 4), row * width * 4);
  }
  return { width, height, data };
}

/** `rowColour` is worked out once per row, where a gradient needs it; `colourAt` may use it. */
function paint(
  width: number,
  height: number,
  colourAt: (x: number, y: number, rowColour: Colour) => Colour,
  rowColour: (y: number) => Colour,
): Picture {
  const data = new Uint8Array(width * height * 4);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const ofRow = rowColour(y);
    for (let x = 0; x < width; x++) {
      const colour = colourAt(x, y, ofRow);
      data[at++] = colour[0];
      data[at++] = colour[1];
      data[at++] = colour[2];
      data[at++] = 255;
    }
  }
  return { width, height, data };
}

function isHouse(house: { x: number; y: number; size: number }, x: number, y: number): boolean {
  const column = x - house.x;
  const row = y - house.y;
  const isWall = column >= 0 && column <= house.size && row >= 0 && row <= house.size;
  const isRoof = row < 0 && row > -house.size / 2 && Math.abs(column - house.size / 2) < house.size / 2 + row + 2;
  return isWall || isRoof;
}

function blend(from: Colour, to: Colour, share: number): Colour {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}
