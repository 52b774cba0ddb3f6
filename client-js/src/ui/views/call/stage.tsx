/** Measures the room there is for the tiles, and lays stage, grid and corner out in it. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { CallCommands, StreamSize } from '../../../call/state.ts'
import { type Box, exactly, layOut, shapeFor } from '../../grid.ts'
import { texts } from '../../language.ts'
import type { Scene, Tile } from '../../tiles.ts'
import { TileView } from './tile.tsx'

type Props = {
  scene: Scene
  pinned: ReadonlySet<string>
  pin: (tile: Tile) => void
  call: CallCommands
  prove: (tile: Tile) => void
}

/** `children` lie over the tiles. */
export const Stage = ({ scene, children, ...tools }: Props & { children: ComponentChildren }) => {
  const { stage, grid, corner } = scene
  return (
    <div class={stage.length > 0 ? 'stage stage-split' : 'stage'}>
      {stage.length > 0 && <Tiles tiles={stage} {...tools} large label={texts().call.area} />}
      {grid.length > 0 && (
        <Tiles tiles={grid} corner={corner} {...tools} strip={stage.length > 0} label={texts().call.people} />
      )}
      {children}
    </div>
  )
}

type TilesProps = Omit<Props, 'scene'> & {
  tiles: readonly Tile[]
  /** Over a corner of the only one. */
  corner?: Tile | null
  label: string
  /** What is shown there is shown whole. */
  large?: boolean
  /** Beside the stage: small, in a row or a column that scrolls. */
  strip?: boolean
}

const gap = 8
/** With its distance from the edge of its tile. */
const nameHeight = 34
const roomForWords = 120

const Tiles = ({ tiles, corner, label, large, strip, pinned, ...tools }: TilesProps) => {
  const list = useRef<HTMLUListElement>(null)
  const box = useBox(list)
  const ratio = usePictureRatio(list)
  const shape = large ? exactly(tiles.length === 1 ? ratio : usualRatio) : shapeFor(box)
  const grid = layOut(tiles.length, box, gap, shape)
  const below = Math.max(0, (box.height - grid.rows * (grid.height + gap) + gap) / 2)
  useLayoutEffect(() => {
    if (strip) return
    list.current?.style.setProperty('--tile-width', `${grid.width}px`)
    list.current?.style.setProperty('--tile-height', `${grid.height}px`)
    // What is said stands clear of the names at their feet, or below them where there is room enough.
    const foot = below < roomForWords ? below : -nameHeight
    list.current?.parentElement?.style.setProperty('--below-tiles', `${foot}px`)
  }, [grid.width, grid.height, below, strip])
  const size = strip ? 'small' : sizeOf(grid.width * devicePixelRatio)
  useSizes(tiles, size, tools.call)
  return (
    <ul
      ref={list}
      class={strip ? 'tiles tiles-strip' : `tiles${grid.scrolls ? ' tiles-scroll' : ''}`}
      aria-label={label}
    >
      {tiles.map(tile => (
        <li key={tile.key} class="tile-place">
          <TileView {...tools} tile={tile} pinned={pinned.has(tile.key)} />
        </li>
      ))}
      {corner && (
        <li class="stage-corner">
          <TileView {...tools} tile={corner} pinned={false} />
        </li>
      )}
    </ul>
  )
}

/** Nobody need send more than is shown. */
const sizeOf = (width: number): StreamSize => {
  if (width > 900) return 'large'
  return width > 420 ? 'medium' : 'small'
}

const useSizes = (tiles: readonly Tile[], size: StreamSize, call: CallCommands): void => {
  const streams = tiles.flatMap(({ own, id }) => (own || id === null ? [] : [id]))
  useLayoutEffect(() => {
    for (const id of streams) call.setSize(id, size)
  }, [streams.join(' '), size])
}

const usualRatio = 16 / 9

/** Of the last picture that changed its size within, as a screen does when it is turned or another window is shown. */
const usePictureRatio = (within: { readonly current: HTMLElement | null }): number => {
  const [ratio, setRatio] = useState(usualRatio)
  useLayoutEffect(() => {
    const element = within.current
    const resized = ({ target }: Event): void => {
      if (!(target instanceof HTMLVideoElement) || target.videoHeight === 0) return
      setRatio(Math.min(3, Math.max(1 / 3, target.videoWidth / target.videoHeight)))
    }
    // It does not bubble, but is seen on its way down.
    element?.addEventListener('resize', resized, true)
    return () => element?.removeEventListener('resize', resized, true)
  }, [])
  return ratio
}

const nothing: Box = { width: 0, height: 0 }

const useBox = (of: { readonly current: HTMLElement | null }): Box => {
  const [box, setBox] = useState(nothing)
  useLayoutEffect(() => {
    const element = of.current
    if (!element) return
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = element
      setBox(now => (now.width === width && now.height === height ? now : { width, height }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return box
}
