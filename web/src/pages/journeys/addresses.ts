/** Addresses of pages that stand elsewhere: the designer and its comparison. */
export const versionPath = (uid: string, versionUid: string): string => `/journeys/${uid}/versions/${versionUid}`;
export const comparePath = (uid: string): string => `/journeys/${uid}/compare`;
