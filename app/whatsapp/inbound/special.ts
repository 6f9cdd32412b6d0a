import { type proto, toNumber } from '@whiskeysockets/baileys'
import type {
  AlbumContent,
  EventContent,
  GroupInviteContent,
  OrderContent,
  ProductContent,
} from '../../model/content/received.ts'
import { instantOfSeconds, type Number64 } from './numbers.ts'

type Special = AlbumContent | EventContent | GroupInviteContent | OrderContent | ProductContent

const THOUSANDTHS = 1_000

/** What WhatsApp's own features say: dates, invitations, albums, and what is for sale. */
export function specialOf(message: proto.IMessage): Special | undefined {
  const { eventMessage, groupInviteMessage, albumMessage, orderMessage, productMessage } = message
  if (eventMessage) return eventOf(eventMessage)
  if (groupInviteMessage) return inviteOf(groupInviteMessage)
  if (albumMessage) {
    const { expectedImageCount: images, expectedVideoCount: videos } = albumMessage
    return { type: 'album', album: { images: images ?? 0, videos: videos ?? 0 } }
  }
  if (orderMessage) return orderOf(orderMessage)
  return productMessage ? productOf(productMessage) : undefined
}

function eventOf(event: proto.Message.IEventMessage): EventContent {
  const { name, description, startTime, endTime, location, joinLink, isCanceled } = event
  const place = {
    ...(location?.name ? { name: location.name } : {}),
    ...(location?.address ? { address: location.address } : {}),
  }
  return {
    type: 'event',
    event: {
      name: name ?? '',
      ...(description ? { description } : {}),
      ...instant('starts_at', startTime),
      ...instant('ends_at', endTime),
      ...(location ? { location: place } : {}),
      ...(joinLink ? { link: joinLink } : {}),
      cancelled: isCanceled === true,
    },
  }
}

function inviteOf(invite: proto.Message.IGroupInviteMessage): GroupInviteContent {
  const { groupJid, groupName, inviteCode, caption, inviteExpiration } = invite
  return {
    type: 'group_invite',
    group_invite: {
      group: groupJid ?? '',
      name: groupName ?? '',
      code: inviteCode ?? '',
      ...(caption ? { caption } : {}),
      ...instant('expires_at', inviteExpiration),
    },
  }
}

function orderOf(order: proto.Message.IOrderMessage): OrderContent {
  const { orderId, orderTitle, message, itemCount, totalAmount1000, totalCurrencyCode } = order
  return {
    type: 'order',
    order: {
      order_id: orderId ?? '',
      ...(orderTitle ? { title: orderTitle } : {}),
      ...(message ? { text: message } : {}),
      item_count: itemCount ?? 0,
      ...amount('total', totalAmount1000),
      ...(totalCurrencyCode ? { currency: totalCurrencyCode } : {}),
    },
  }
}

function productOf({ product, businessOwnerJid, body }: proto.Message.IProductMessage): ProductContent {
  const { productId, title, description, priceAmount1000, currencyCode, url } = product ?? {}
  const words = description || body
  return {
    type: 'product',
    product: {
      product_id: productId ?? '',
      ...(title ? { title } : {}),
      ...(words ? { description: words } : {}),
      ...amount('price', priceAmount1000),
      ...(currencyCode ? { currency: currencyCode } : {}),
      ...(url ? { url } : {}),
      ...(businessOwnerJid ? { business: businessOwnerJid } : {}),
    },
  }
}

/** WhatsApp counts seconds; what is no instant of the calendar is left out. */
function instant<Name extends string>(name: Name, seconds: Number64): { readonly [N in Name]?: string } {
  const at = instantOfSeconds(seconds)
  return at === undefined ? {} : ({ [name]: at.toISOString() } as { [N in Name]: string })
}

/** In units of the currency. */
function amount<Name extends string>(name: Name, thousandths: Number64): { readonly [N in Name]?: number } {
  return thousandths ? ({ [name]: toNumber(thousandths) / THOUSANDTHS } as { [N in Name]: number }) : {}
}
