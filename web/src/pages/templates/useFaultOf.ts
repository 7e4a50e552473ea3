import { useCallback } from "react";
import { ApiError } from "@/api/error";
import { useFaultText } from "@/ui/useFaultText";
import { type FieldFault, faultOf } from "./draft";

/** Which field a refusal is about, and why in the reader's language; null when it is about none. */
export function useFaultOf(): (error: unknown) => FieldFault | null {
  const faultText = useFaultText();
  return useCallback(
    (error) => {
      const fault = error instanceof ApiError ? faultOf(error) : null;
      return fault === null ? null : { ...fault, message: faultText(fault.message) };
    },
    [faultText],
  );
}
