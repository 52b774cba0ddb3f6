/** Owns what can be done with one tile: pin it, make it large, hear it louder or softer. */
import type { RefObject } from 'preact'
import type { CallCommands, Measured } from '../../../call/state.ts'
import { Icon } from '../../parts/icon.tsx'
import { MenuItem } from '../../parts/menu.tsx'
import { Popover } from '../../parts/popover.tsx'
import { text } from '../../text.ts'
import type { Tile } from '../../tiles.ts'
import { QualityMark } from './quality.tsx'
import { titleOf } from './title.ts'

export type ToolsProps = {
  tile: Tile
  area: RefObject<HTMLElement | null>
  pinned: boolean
  pin: (tile: Tile) => void
  call: CallCommands
  /** How the connection to somebody is proved. */
  prove: (tile: Tile) => void
}

export const TileTools = ({ tile, area, pinned, pin, call, prove }: ToolsProps) => {
  const title = titleOf(tile)
  const word = pinned ? text().call.unpin : text().call.pin
  return (
    <div class="tile-tools">
      <button type="button" class="tile-button" aria-pressed={pinned} title={word} onClick={() => pin(tile)}>
        <Icon name={pinned ? 'pin-off' : 'pin'} />
        <span class="sr-only">{`${text().call.pin}: ${title}`}</span>
      </button>
      <Popover label={text().call.options(title)} icon="more" class="tile-button">
        {close => (
          <div class="menu">
            <p class="menu-title">{title}</p>
            {tile.remote?.measured && <Quality measured={tile.remote.measured} />}
            {tile.remote?.hasAudio && <Volume tile={tile} call={call} title={title} />}
            <MenuItem
              icon={pinned ? 'pin-off' : 'pin'}
              label={word}
              press={() => {
                close()
                pin(tile)
              }}
            />
            {tile.picture && <Windows area={area} close={close} />}
            {tile.kind === 'person' && !tile.own && (
              <MenuItem
                icon="shield"
                label={text().safety.open(title)}
                press={() => {
                  close()
                  prove(tile)
                }}
              />
            )}
            {tile.screen && (
              <MenuItem
                icon="screen-off"
                label={text().call.screenStop}
                danger
                press={() => {
                  close()
                  if (tile.id !== null) call.stopScreen(tile.id)
                }}
              />
            )}
          </div>
        )}
      </Popover>
    </div>
  )
}

const Quality = ({ measured }: { measured: Measured }) => (
  <p class="menu-quality">
    <QualityMark quality={measured.quality} />
    <span>
      {text().call.qualities[measured.quality]}
      <span class="menu-hint">
        {text().call.measured(
          Math.round(measured.loss * 100),
          measured.roundTripMs === null ? null : Math.round(measured.roundTripMs),
          Math.round(measured.jitterMs),
        )}
      </span>
    </span>
  </p>
)

const Volume = ({ tile, call, title }: { tile: Tile; call: CallCommands; title: string }) => (
  <label class="menu-volume">
    <Icon name={tile.remote?.volume === 0 ? 'speaker-off' : 'speaker'} />
    <span class="sr-only">{text().call.volumeOf(title)}</span>
    <input
      type="range"
      min="0"
      max="100"
      value={Math.round((tile.remote?.volume ?? 1) * 100)}
      onInput={event => {
        const volume = event.currentTarget.valueAsNumber / 100
        if (tile.member !== null && tile.id !== null) call.setVolume(tile.member, volume, tile.id)
      }}
    />
  </label>
)

/** Both are refused by some browsers on some pages; then nothing happens, which is seen. */
const Windows = ({ area, close }: { area: RefObject<HTMLElement | null>; close: () => void }) => {
  const smallWindow = (): void => {
    close()
    area.current
      ?.querySelector('video')
      ?.requestPictureInPicture()
      .catch(() => undefined)
  }
  const fullScreen = (): void => {
    close()
    area.current?.requestFullscreen().catch(() => undefined)
  }
  return (
    <>
      {document.fullscreenEnabled && (
        <MenuItem icon="full-screen" label={text().call.fullScreen} press={fullScreen} />
      )}
      {document.pictureInPictureEnabled && (
        <MenuItem icon="small-window" label={text().call.smallWindow} press={smallWindow} />
      )}
    </>
  )
}
