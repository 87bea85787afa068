import type { Notification } from '../model/notification.ts'

/**
 * The title of a page: whether it is a drill, the severity in one word, then the event. It must be clear alone on one
 * line.
 */
export function pageTitle({ kind, severity }: Pick<Notification, 'kind' | 'severity'>, what: string): string {
  return `${drillMark({ kind })}${severity.toUpperCase()} · ${what}`
}

export function drillMark({ kind }: Pick<Notification, 'kind'>): string {
  return kind === 'drill' ? 'DRILL: ' : ''
}
