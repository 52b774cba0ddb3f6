/** Owns one tile: somebody's picture or face, their name, and how they are heard, seen and reached. */
import { useRef } from 'preact/hooks'
import { hueOf } from '../../format.ts'
import { Face } from '../../parts/face.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Video } from '../../parts/video.tsx'
import { text } from '../../text.ts'
import type { Tile } from '../../tiles.ts'
import { QualityMark } from './quality.tsx'
import { titleOf } from './title.ts'
import { TileTools, type ToolsProps } from './tools.tsx'

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
    >
      <Inside tile={tile} title={title} />
      {trouble !== null && <p class="tile-trouble">{trouble}</p>}
      <div class="tile-label">
        {tile.muted === true && <Icon name="microphone-off" />}
        <span class="tile-title" dir={tile.own || tile.kind === 'screen' ? undefined : 'auto'}>
          {tile.own && tile.kind === 'person' ? text().call.you : title}
        </span>
        {tile.quality && <QualityMark quality={tile.quality} />}
      </div>
      <TileTools tile={tile} area={area} {...tools} />
    </section>
  )
}

/** For those who do not see the marks. */
const stateOf = ({ kind, muted, picture, hidden, quality }: Tile): string[] => {
  if (kind === 'screen') return hidden ? [text().call.notShown] : []
  const none = hidden ? text().call.notShown : text().call.noPicture
  return [
    muted === true ? text().call.muted : null,
    picture === null ? none : null,
    quality === null ? null : text().call.qualities[quality],
  ].filter(it => it !== null)
}

const Inside = ({ tile, title }: { tile: Tile; title: string }) => {
  const { kind, own, name, picture, hidden, screen } = tile
  if (picture)
    return (
      <Video stream={picture} label={title} mirrored={own && kind === 'person'} whole={kind === 'screen'} />
    )
  if (screen)
    return (
      <div class="tile-placeholder">
        <Icon name="screen" />
        <p class="tile-placeholder-title">{text().call.ownScreenWhole}</p>
        <p class="tile-placeholder-hint">{text().call.ownScreenHint}</p>
      </div>
    )
  if (kind === 'screen' && hidden)
    return (
      <div class="tile-placeholder">
        <Icon name="screen" />
        <p class="tile-placeholder-hint">{text().call.notShown}</p>
      </div>
    )
  return (
    <div class={`tile-face hue-${hueOf(name)}`}>
      <Face name={name} large />
    </div>
  )
}

const troubleOf = ({ own, kind, reach, remote }: Tile): string | null => {
  if (own) return null
  if (reach === 'lost' || reach === 'unsteady') return text().call.reconnecting
  if (reach === 'connecting' || (kind === 'screen' && remote?.stream === null)) return text().call.connecting
  return null
}
