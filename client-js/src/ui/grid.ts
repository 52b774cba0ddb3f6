/** Computes how many tiles stand beside each other, and how large they are. Pure: a box and a number in, a grid out. */
export type Box = { readonly width: number; readonly height: number }

export type Grid = {
  readonly columns: number
  readonly rows: number
  /** One tile. */
  readonly width: number
  readonly height: number
  /** Tiles would be too small to know anybody in them: they keep their size, and the grid scrolls. */
  readonly scrolls: boolean
}

/** Width through height of a tile, at least and at most. A picture is cut to its tile, never stretched. */
export type Shape = { readonly least: number; readonly most: number }

/** As cameras see on a desk. */
export const landscape: Shape = { least: 4 / 3, most: 16 / 9 }
/** As cameras see in a hand, and as wide as on a desk where many stand above each other. */
export const portrait: Shape = { least: 9 / 16, most: 16 / 9 }
/** What is shown whole has the shape of its picture. */
export const exactly = (ratio: number): Shape => ({ least: ratio, most: ratio })

export const shapeFor = ({ width, height }: Box): Shape => (width >= height ? landscape : portrait)

const tileWidthMin = 132

/**
 * The largest tile that lets `count` of them stand in the box, and is wide enough. What fits into a box fits into a wider
 * one too, so that a bar for scrolling, which makes it narrower, never takes away its own reason.
 */
export const layOut = (count: number, box: Box, gap: number, shape: Shape = shapeFor(box)): Grid => {
  const tiles = Math.max(1, Math.floor(count))
  let best: Grid | null = null
  for (let columns = 1; columns <= tiles; columns++) {
    const rows = Math.ceil(tiles / columns)
    // A column more than the last row needs only makes the tiles smaller.
    if (Math.ceil(tiles / rows) < columns) continue
    const grid = { columns, rows, ...tileIn(cell(box, columns, rows, gap), shape), scrolls: false }
    if (grid.width < Math.min(tileWidthMin, box.width)) continue
    if (!best || grid.width * grid.height > best.width * best.height + 0.5) best = grid
  }
  return best ?? scrolling(tiles, box, gap, shape)
}

const cell = (box: Box, columns: number, rows: number, gap: number): Box => ({
  width: Math.max(0, (box.width - gap * (columns - 1)) / columns),
  height: Math.max(0, (box.height - gap * (rows - 1)) / rows),
})

/** The largest tile of a permitted shape within a cell. */
const tileIn = ({ width, height }: Box, { least, most }: Shape): Box => {
  if (width > height * most) return { width: Math.floor(height * most), height: Math.floor(height) }
  if (width < height * least) return { width: Math.floor(width), height: Math.floor(width / least) }
  return { width: Math.floor(width), height: Math.floor(height) }
}

const scrolling = (tiles: number, box: Box, gap: number, shape: Shape): Grid => {
  const columns = Math.max(1, Math.min(tiles, Math.floor((box.width + gap) / (tileWidthMin + gap))))
  const width = Math.floor(cell(box, columns, 1, gap).width)
  const ratio = Math.min(Math.max(4 / 3, shape.least), shape.most)
  return {
    columns,
    rows: Math.ceil(tiles / columns),
    width,
    height: Math.floor(width / ratio),
    scrolls: true,
  }
}
