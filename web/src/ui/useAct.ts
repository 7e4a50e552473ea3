import { ToastQueue } from "@adobe/react-spectrum";
import { type QueryKey, type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/error";

interface Settings<Input, Output> {
  /** Beginnings of the query keys that are read anew afterwards. */
  invalidates: readonly QueryKey[];
  /** Told when it is done. */
  done?: string | ((output: Output, input: Input) => string);
  /** Whether the caller shows the error itself, such as a dialog that stays open. */
  showsError?: boolean;
  onDone?: (output: Output, input: Input) => void;
}

/** Something that changes the server: says when it is done, and when it failed. */
export function useAct<Input = void, Output = unknown>(
  act: (input: Input) => Promise<Output>,
  { invalidates, done, showsError = false, onDone }: Settings<Input, Output>,
): UseMutationResult<Output, Error, Input> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (output, input) => {
      for (const queryKey of invalidates) void queries.invalidateQueries({ queryKey });
      if (done !== undefined) {
        ToastQueue.positive(typeof done === "string" ? done : done(output, input), { timeout: 5_000 });
      }
      onDone?.(output, input);
    },
    onError: (error) => {
      if (!showsError) ToastQueue.negative(error instanceof ApiError ? error.detail || error.message : error.message);
    },
  });
}
