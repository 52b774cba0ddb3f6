/** One tile: somebody's picture or avatar, their name, and how well they are heard, seen and connected. */
import { useRef, useState } from 'preact/hooks'
import { hueOf } from '../../format.ts'
import { texts } from '../../language.ts'
import { Avatar, Icon } from '../../parts/icon.tsx'
import { Video } from '../../parts/live.tsx'
import { type Tile, titleOf } from '../../tiles.ts'
import { QualityMark, TileTools, type ToolsProps } from './tools.tsx'

type Props = Omit<ToolsProps, 'area'>

export const TileView = ({ tile, ...tools }: Props) => {
  const area = useRef<HTMLElement>(null)
  const title = titleOf(tile)
  const trouble = troubleOf(tile)
  return (
    <section
      ref={area}
      class={`tile tile-${tile.kind}${tile.speaking && trouble === null ? ' tile-speaking' : ''}`}
      aria-label={[title, trouble, ...stateOf(tile)].filter(it => it !== null).join(', ')}
      // What is pressed twice in its menu is meant for the menu.
      onDblClick={({ target }) => isInTools(target) || tools.pin(tile)}
    >
      <Inside tile={tile} title={title} />
      {trouble !== null && <p class="tile-trouble">{trouble}</p>}
      <div class="tile-label">
        {tile.muted === true && <Icon name="microphone-off" />}
        {tile.remote?.volume === 0 && <Icon name="speaker-off" />}
        <span class="tile-title" dir={tile.own || tile.kind === 'screen' ? undefined : 'auto'}>
          {tile.own && tile.kind === 'person' ? texts().call.you : title}
        </span>
        {tile.quality && <QualityMark quality={tile.quality} />}
      </div>
      <TileTools tile={tile} area={area} {...tools} />
    </section>
  )
}

const isInTools = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('.tile-tools') !== null

/** For those who do not see the marks. */
const stateOf = ({ kind, muted, picture, hidden, quality, remote }: Tile): string[] => {
  if (kind === 'screen') return hidden ? [texts().call.notShown] : []
  const none = hidden ? texts().call.notShown : texts().call.noPicture
  return [
    muted === true ? texts().call.muted : null,
    remote?.volume === 0 ? texts().call.silenced : null,
    picture === null ? none : null,
    quality === null ? null : texts().call.qualities[quality],
  ].filter(it => it !== null)
}

const Inside = ({ tile, title }: { tile: Tile; title: string }) => {
  const { kind, own, picture } = tile
  /** The stream of which there is a frame to see. Until then what stands in for a picture covers the empty element. */
  const [drawn, setDrawn] = useState<MediaStream | null>(null)
  return (
    <>
      {picture && (
        <Video
          // Another stream begins without a frame of the one before.
          key={picture.id}
          stream={picture}
          label={title}
          mirrored={own && kind === 'person'}
          whole={kind === 'screen'}
          drawn={on => setDrawn(on ? picture : null)}
        />
      )}
      {(picture === null || drawn !== picture) && <StandIn tile={tile} />}
    </>
  )
}

/** In place of a picture: an avatar, or for a screen what there is to say of it. */
const StandIn = ({ tile: { kind, name, picture, hidden, screen } }: { tile: Tile }) => {
  if (kind === 'screen' && picture)
    return (
      <div class="tile-placeholder">
        <Icon name="screen" />
      </div>
    )
  if (screen)
    return (
      <div class="tile-placeholder">
        <Icon name="screen" />
        <p class="tile-placeholder-title">{texts().call.ownScreenWhole}</p>
        <p class="tile-placeholder-hint">{texts().call.ownScreenHint}</p>
      </div>
    )
  if (kind === 'screen' && hidden)
    return (
      <div class="tile-placeholder">
        <Icon name="screen" />
        <p class="tile-placeholder-hint">{texts().call.notShown}</p>
      </div>
    )
  return (
    <div class={`tile-face hue-${hueOf(name)}`}>
      <Avatar name={name} large />
    </div>
  )
}

const troubleOf = ({ own, kind, connectionStatus, remote }: Tile): string | null => {
  if (own) return null
  if (connectionStatus === 'lost' || connectionStatus === 'unsteady') return texts().call.reconnecting
  if (connectionStatus === 'connecting' || (kind === 'screen' && remote?.stream === null))
    return texts().call.connecting
  return null
}
