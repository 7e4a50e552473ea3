import { Flex, Text } from "@adobe/react-spectrum";
import type { ReactNode } from "react";

/** What a tab is about, and what it creates. */
export function TabHead({ detail, create }: { detail: string; create: ReactNode }) {
  return (
    <Flex wrap justifyContent="space-between" alignItems="center" marginBottom="size-150" gap="size-200">
      <Text>{detail}</Text>
      {create}
    </Flex>
  );
}
