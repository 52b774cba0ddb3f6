/** Rooms that are made before anybody is in them, and what leads to them. What does it is loaded when it is wanted. */
import type { Commands, Model } from '../ui/model.ts'
import { addressOf, bareAddress, invitationOf } from './invitations.ts'
import { type KnownRoom, withRoom } from './known-rooms.ts'
import { loadPlans, type Page, partOf } from './page.ts'

export const planCommands = (
  model: Model,
  page: Page,
  rooms: () => readonly KnownRoom[],
  remember: (rooms: readonly KnownRoom[]) => boolean,
): Pick<Commands, 'planRoom' | 'linkOf' | 'saveAppointment'> => {
  const linkOf = (id: string): string => {
    const found = rooms().find(it => it.id === id)
    return found ? addressOf(bareAddress(page.address()), invitationOf(found)) : ''
  }
  return {
    linkOf,
    planRoom: async (name, planned) => {
      const plans = await partOf(page, loadPlans)
      if (!plans) return 'not-loaded'
      return plans.planRoom(model.create.value, name, (card, owns) =>
        remember(withRoom(rooms(), card, { created: true, owns, planned }, Date.now())),
      )
    },
    saveAppointment: async id => {
      const [plans, room] = [await partOf(page, loadPlans), rooms().find(it => it.id === id)]
      return plans?.saveAppointment(room, linkOf(id), page.save) ?? false
    },
  }
}
