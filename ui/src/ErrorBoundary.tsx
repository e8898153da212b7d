import { Alert, Button } from "@chakra-ui/react";
import { Component, type ReactNode } from "react";

/** Catches rendering errors of this page, so that Airflow's UI around it keeps working. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) {
      return this.props.children;
    }
    return (
      <Alert.Root m={6} status="error" width="auto">
        <Alert.Indicator />
        <Alert.Content gap={3}>
          <Alert.Title>Reports could not be shown.</Alert.Title>
          <Alert.Description>The browser's console says why. Exports are not affected.</Alert.Description>
          <Button alignSelf="start" onClick={() => this.setState({ failed: false })} size="sm" variant="outline">
            Try again
          </Button>
        </Alert.Content>
      </Alert.Root>
    );
  }
}
