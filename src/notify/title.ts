import type { Notification } from '../model/notification.ts'

/** The title of a page: whether it is a drill, one word of how grave it is, then what happened. It stands alone on one line. */
export function pageTitle({ kind, severity }: Pick<Notification, 'kind' | 'severity'>, what: string): string {
  return `${drillMark({ kind })}${severity.toUpperCase()} · ${what}`
}

export function drillMark({ kind }: Pick<Notification, 'kind'>): string {
  return kind === 'drill' ? 'DRILL: ' : ''
}
