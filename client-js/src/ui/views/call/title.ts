/** Owns what a tile is called. */
import { shownName } from '../../format.ts'
import { text } from '../../text.ts'
import type { Tile } from '../../tiles.ts'

export const titleOf = ({ kind, own, name }: Tile): string => {
  if (kind === 'screen') return own ? text().call.ownScreen : text().call.screenOf(shownName(name))
  return own ? text().call.self(shownName(name)) : shownName(name)
}
