/** Owns the lines of what opens beside a button: things to do, and things that are on or off. */
import { Icon, type IconName } from './icon.tsx'

type ItemProps = {
  icon: IconName
  label: string
  press: () => void
  danger?: boolean
  keys?: string | undefined
}

export const MenuItem = ({ icon, label, press, danger, keys }: ItemProps) => (
  <button type="button" class={danger ? 'menu-item menu-item-danger' : 'menu-item'} onClick={press}>
    <Icon name={icon} />
    <span class="menu-words">{label}</span>
    {keys !== undefined && <kbd>{keys}</kbd>}
  </button>
)
