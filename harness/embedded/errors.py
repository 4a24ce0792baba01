"""Errors with a status, in TGI's shape `{"error": ..., "error_type": ...}`, and in OpenAI's under /v1."""

from __future__ import annotations


class ApiError(Exception):
    """What a client is told. `status` is the HTTP status, `error_type` is TGI's word for it."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message

    def body(self) -> dict[str, str]:
        return {"error": self.message, "error_type": self.error_type}

    def openai_body(self) -> dict[str, dict[str, str | int | None]]:
        """As OpenAI's clients read it: of another shape they show the status alone."""
        told = self.message or f"HTTP {self.status}: {self.error_type}"
        return {"error": {"message": told, "type": self.error_type, "param": None, "code": self.status}}


def invalid(message: str) -> ApiError:
    """The request cannot be served as it stands."""
    return ApiError(422, "validation", f"Input validation error: {message}")


def not_found(message: str) -> ApiError:
    """There is no such thing here."""
    return ApiError(404, "not_found", message)


def template_failed(message: str) -> ApiError:
    """The chat template refused the messages."""
    return ApiError(422, "template_error", f"Template error: {message}")


def overloaded() -> ApiError:
    """Every permit is taken: refused at once rather than queued."""
    return ApiError(429, "overloaded", "Model is overloaded")


def generation_failed(message: str) -> ApiError:
    """The model failed on this request; the server lives on."""
    return ApiError(424, "generation", f"Request failed during generation: {message}")


class StartError(Exception):
    """The server cannot start with these arguments or files: one sentence for the user."""
