import { useReferences } from "@/activities/useReferences";

/** The names that `inAudience` may be asked for. */
export function useAudienceNames(): readonly string[] {
  return useReferences().audienceNames;
}
