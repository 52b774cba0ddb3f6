/** Owns the Chinese words about who can listen. */
import type { Texts } from '../en.ts'

export const safety: Texts['safety'] = {
  open: name => `与 ${name} 的连接`,
  direct: '从浏览器直达浏览器。',
  relayed: '经由中继（TURN）服务器，它转发的内容自己无法读取。',
  code: '安全码',
  lead: '请通过电话或当面互相念出。两端安全码相同，说明中间没有别人。',
  differs: '如果不同，说明中间有人：请不要继续。',
  starHost: '在星形房间中，这只保证你们两人之间的线路。其他成员之间的内容都经由房主。',
  viaHost: name =>
    `${name} 经由房主与你相连。房主转发你们之间的内容，能够读取和更改。安全码只能保证你与房主之间的连接。`,
  noHttps: '此页面不是通过 HTTPS 打开的，安全码不能证明任何事。',
  none: '目前没有连接。',
}
