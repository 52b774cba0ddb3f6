/** The grid of tiles: any number of people, any window. */
import { expect, test } from 'vitest'
import { type Box, exactly, type Grid, layOut, shapeFor } from '../src/ui/grid.ts'

const gap = 8
const desk: Box = { width: 1280, height: 640 }
const phone: Box = { width: 360, height: 560 }
const boxes: readonly Box[] = [
  desk,
  phone,
  { width: 320, height: 380 },
  { width: 2560, height: 1200 },
  { width: 740, height: 280 },
  { width: 300, height: 900 },
]

const fills = ({ columns, rows, width, height }: Grid): Box => ({
  width: columns * width + (columns - 1) * gap,
  height: rows * height + (rows - 1) * gap,
})

test('every tile has its place, and none sticks out', () => {
  for (const box of boxes)
    for (let count = 1; count <= 20; count++) {
      const grid = layOut(count, box, gap)
      const filled = fills(grid)
      expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count)
      expect(filled.width).toBeLessThanOrEqual(box.width)
      if (!grid.scrolls) expect(filled.height).toBeLessThanOrEqual(box.height)
    }
})

test('no other number of columns makes larger tiles', () => {
  for (const box of boxes)
    for (let count = 1; count <= 20; count++) {
      const grid = layOut(count, box, gap)
      if (grid.scrolls) continue
      for (let columns = 1; columns <= count; columns++) {
        const rows = Math.ceil(count / columns)
        // One tile, alone in a cell of that many columns and rows.
        const cell = {
          width: (box.width - gap * (columns - 1)) / columns,
          height: (box.height - gap * (rows - 1)) / rows,
        }
        const other = layOut(1, cell, gap, shapeFor(box))
        if (!other.scrolls)
          expect(grid.width * grid.height).toBeGreaterThanOrEqual(other.width * other.height - 1)
      }
    }
})

test('two stand beside each other on a desk and above each other on a phone', () => {
  expect(layOut(2, desk, gap)).toMatchObject({ columns: 2, rows: 1 })
  expect(layOut(2, phone, gap)).toMatchObject({ columns: 1, rows: 2 })
})

test('nine make three rows of three, five leave one place empty', () => {
  expect(layOut(9, desk, gap)).toMatchObject({ columns: 3, rows: 3 })
  expect(layOut(5, desk, gap)).toMatchObject({ columns: 3, rows: 2 })
})

test('a tile is never wider than 16:9 on a desk, nor taller than 9:16 on a phone', () => {
  const wide = layOut(1, { width: 2000, height: 400 }, gap)
  expect(wide.width / wide.height).toBeCloseTo(16 / 9, 1)
  const tall = layOut(1, { width: 300, height: 2000 }, gap)
  expect(tall.height / tall.width).toBeCloseTo(16 / 9, 1)
})

test('alone on a phone one fills it', () => {
  expect(layOut(1, phone, gap)).toMatchObject({ width: 360, height: 560 })
})

test('tiles too small to know anybody in scroll instead', () => {
  const grid = layOut(20, { width: 320, height: 380 }, gap)
  expect(grid.scrolls).toBe(true)
  expect(grid.width).toBeGreaterThanOrEqual(132)
  expect(layOut(20, desk, gap).scrolls).toBe(false)
})

test('a shared screen keeps its shape, and is as large as that allows', () => {
  expect(layOut(1, { width: 1600, height: 450 }, gap, exactly(16 / 9))).toMatchObject({
    width: 800,
    height: 450,
  })
  expect(layOut(1, { width: 400, height: 900 }, gap, exactly(4 / 3))).toMatchObject({
    width: 400,
    height: 300,
  })
})

test('a box that has not been measured yet breaks nothing', () => {
  const grid = layOut(3, { width: 0, height: 0 }, gap)
  expect(grid.width).toBe(0)
  expect(grid.height).toBe(0)
})

test('a bar for scrolling never takes away its own reason', () => {
  const bar = 16
  const wrong: string[] = []
  for (let width = 280; width <= 1_000; width += 6)
    for (let height = 200; height <= 900; height += 35)
      for (let count = 1; count <= 20; count++) {
        const scrolls = (of: number): boolean => layOut(count, { width: of, height }, gap).scrolls
        if (scrolls(width) && !scrolls(width - bar)) wrong.push(`${count} in ${width} x ${height}`)
      }
  expect(wrong).toEqual([])
})

test('nine people in a hand stand in two columns without scrolling', () => {
  expect(layOut(9, { width: 370, height: 695 }, gap)).toMatchObject({ columns: 2, rows: 5, scrolls: false })
})
