/** Rooms that are made before anybody is in them, and what leads to them. What does it is loaded when it is wanted. */
import { fileNameUnitsMax, safeFileName } from '../base/text.ts'
import type { Commands, Model } from '../ui/model.ts'
import { loadedOnce } from '../ui/parts/ahead.ts'
import { addressOf, bareAddress, invitationOf } from './invitations.ts'
import { type KnownRoom, withRoom } from './known-rooms.ts'
import { type Page, partOf } from './page.ts'

export const loadPlans = loadedOnce(() => import('./plans.ts'))

export const planCommands = (
  model: Model,
  page: Page,
  rooms: () => readonly KnownRoom[],
  remember: (rooms: readonly KnownRoom[]) => void,
): Pick<Commands, 'planRoom' | 'linkOf' | 'saveAppointment'> => {
  const linkOf = (id: string): string => {
    const found = rooms().find(it => it.id === id)
    return found ? addressOf(bareAddress(page.address()), invitationOf(found)) : ''
  }
  return {
    linkOf,
    planRoom: async (name, planned) => {
      const card = (await (await partOf(page, loadPlans))?.plannedRoom(model.create.value, name)) ?? null
      if (!card) return null
      const owns = (card.ownerKeys ?? null) !== null
      remember(withRoom(rooms(), card, { created: true, owns, planned }, Date.now()))
      return card.id
    },
    saveAppointment: async id => {
      const [plans, room] = [await partOf(page, loadPlans), rooms().find(it => it.id === id)]
      if (!plans || !room?.planned) return
      const file = plans.appointmentFile(room, room.planned, linkOf(id), Date.now())
      page.save(file, safeFileName(`${room.name}.ics`, fileNameUnitsMax))
    },
  }
}
