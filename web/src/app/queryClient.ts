import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/error";

/** What the server refuses is not asked again; what nobody answered is, twice. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.isOffline || error.status >= 500),
    },
  },
});
