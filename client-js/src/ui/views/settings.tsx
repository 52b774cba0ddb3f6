/** Owns the settings: their pages in order. A page is a file in `settings/` and a line here. */
import type { Commands, Model } from '../model.ts'
import { Dialog } from '../parts/dialog.tsx'
import { type Tab, Tabs } from '../parts/tabs.tsx'
import { text } from '../text.ts'
import { ChatSettings } from './settings/chat.tsx'
import { ConnectionSettings } from './settings/connection.tsx'
import { GeneralSettings } from './settings/general.tsx'
import { MediaSettings } from './settings/media.tsx'
import { ShortcutList } from './shortcuts.tsx'

export type SettingsProps = { model: Model; commands: Commands }

export const SettingsDialog = ({ model, commands, close }: SettingsProps & { close: () => void }) => {
  const props = { model, commands }
  const tabs: readonly Tab[] = [
    { key: 'general', title: text().settings.general, body: () => <GeneralSettings {...props} /> },
    { key: 'media', title: text().settings.media, body: () => <MediaSettings {...props} /> },
    { key: 'chat', title: text().settings.chat, body: () => <ChatSettings {...props} /> },
    { key: 'connection', title: text().settings.connection, body: () => <ConnectionSettings {...props} /> },
    { key: 'keys', title: text().settings.keyboard, body: () => <ShortcutList /> },
  ]
  return (
    <Dialog title={text().settings.title} close={close} wide>
      <Tabs label={text().settings.title} tabs={tabs} />
    </Dialog>
  )
}
