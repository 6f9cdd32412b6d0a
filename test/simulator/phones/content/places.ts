import { base64Of, type Kinds, present } from './kind.ts'
import { readMembers } from './members.ts'

const POSITION = { latitude: 'decimal', longitude: 'decimal' } as const

/** Where somebody is or what is where, and where somebody is going. */
export const placeKinds: Kinds = {
  location: {
    read({ locationMessage: place }) {
      if (place == null) return undefined
      const { degreesLatitude, degreesLongitude, name, address, url, jpegThumbnail } = place
      const content = {
        ...positionOf(degreesLatitude, degreesLongitude),
        ...present({ name, address, url, thumbnail: base64Of(jpegThumbnail) }),
      }
      return { content, contextInfo: place.contextInfo }
    },
    write(member) {
      const { latitude, longitude, ...named } = readMembers(
        member,
        { ...POSITION, name: 'string?', address: 'string?', url: 'string?' },
        'location',
      )
      return {
        locationMessage: { degreesLatitude: latitude, degreesLongitude: longitude, ...present(named) },
      }
    },
  },
  live_location: {
    read({ liveLocationMessage: place }) {
      if (place == null) return undefined
      const content = {
        ...positionOf(place.degreesLatitude, place.degreesLongitude),
        ...present({
          accuracy: place.accuracyInMeters,
          speed: place.speedInMps,
          heading: place.degreesClockwiseFromMagneticNorth,
          caption: place.caption,
          sequence: Number(place.sequenceNumber ?? 0),
        }),
      }
      return { content, contextInfo: place.contextInfo }
    },
    write(member) {
      const given = readMembers(
        member,
        {
          ...POSITION,
          accuracy: 'number?',
          speed: 'decimal?',
          heading: 'number?',
          caption: 'string?',
          sequence: 'number?',
        },
        'live_location',
      )
      const rest = present({
        accuracyInMeters: given.accuracy,
        speedInMps: given.speed,
        degreesClockwiseFromMagneticNorth: given.heading,
        caption: given.caption,
        sequenceNumber: given.sequence,
      })
      return {
        liveLocationMessage: {
          degreesLatitude: given.latitude,
          degreesLongitude: given.longitude,
          ...rest,
        },
      }
    },
  },
}

function positionOf(latitude: number | null | undefined, longitude: number | null | undefined): object {
  return { latitude: latitude ?? 0, longitude: longitude ?? 0 }
}
