/** What can be done with one tile: pin it, make it large, hear it louder or softer, and see how well it is received. */
import type { RefObject } from 'preact'
import type { CallCommands, Measured, Quality } from '../../../call/state.ts'
import { texts } from '../../language.ts'
import { Icon } from '../../parts/icon.tsx'
import { MenuItem, Popover } from '../../parts/popover.tsx'
import { type Tile, titleOf } from '../../tiles.ts'

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
  const word = pinned ? texts().call.unpin : texts().call.pin
  return (
    <div class="tile-tools">
      <button type="button" class="tile-button" aria-pressed={pinned} title={word} onClick={() => pin(tile)}>
        <Icon name={pinned ? 'pin-off' : 'pin'} />
        <span class="sr-only">{`${texts().call.pin}: ${title}`}</span>
      </button>
      <Popover label={texts().call.options(title)} icon="more" class="tile-button">
        {close => (
          <div class="menu">
            <p class="menu-title">{title}</p>
            {tile.remote?.measured && <Measurement measured={tile.remote.measured} />}
            {tile.way && <p class="menu-quality menu-hint">{tile.way}</p>}
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
                label={texts().safety.open(title)}
                press={() => {
                  close()
                  prove(tile)
                }}
              />
            )}
            {tile.screen && (
              <MenuItem
                icon="screen-off"
                label={texts().call.screenStop}
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

const Measurement = ({ measured }: { measured: Measured }) => (
  <p class="menu-quality">
    <QualityMark quality={measured.quality} />
    <span>
      {texts().call.qualities[measured.quality]}
      <span class="menu-hint">
        {texts().call.measured(
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
    <span class="sr-only">{texts().call.volumeOf(title)}</span>
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
        <MenuItem icon="full-screen" label={texts().call.fullScreen} press={fullScreen} />
      )}
      {document.pictureInPictureEnabled && (
        <MenuItem icon="small-window" label={texts().call.smallWindow} press={smallWindow} />
      )}
    </>
  )
}

const bars: Record<Quality, number> = { good: 3, fair: 2, poor: 1 }

export const QualityMark = ({ quality }: { quality: Quality }) => (
  <svg
    class={`quality quality-${quality}`}
    viewBox="0 0 14 12"
    role="img"
    aria-label={texts().call.qualities[quality]}
  >
    <title>{texts().call.qualities[quality]}</title>
    {[1, 2, 3].map(step => (
      <rect
        key={step}
        class={step <= bars[quality] ? 'quality-bar' : 'quality-bar quality-missing'}
        x={(step - 1) * 5}
        y={12 - step * 4}
        width="3.5"
        height={step * 4}
        rx="1"
      />
    ))}
  </svg>
)
