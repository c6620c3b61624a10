"""Django REST framework's routers and viewsets, where it may be installed from PyPI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.traffic.framework.serving import BIN, own, routes_of

SERVICE = """
from django.conf import settings
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF="rest", ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]},
)
import django
django.setup()
from django.contrib.auth.models import User
from django.urls import include, path
from rest_framework import routers, serializers, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["username"]

class Users(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    lookup_value_regex = "[0-9]+"
    @action(detail=True, methods=["post", "delete"])
    def ban(self, request, pk=None): return Response({})
    @action(detail=False)
    def recent(self, request): return Response([])

class Groups(viewsets.ReadOnlyModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    permission_classes = [IsAuthenticated]

class Plain(APIView):
    def get(self, request): return Response({})
    def put(self, request): return Response({})

@api_view(["GET", "POST"])
@permission_classes([IsAuthenticated])
def function(request): return Response({})

router = routers.DefaultRouter()
router.register("users", Users)
router.register("groups", Groups, basename="group")
urlpatterns = [
    path("", lambda request: __import__("django.http").http.HttpResponse("ok")),
    path("api/", include(router.urls)), path("plain/", Plain.as_view()), path("function/", function),
]
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""

ROUTES = {
    *("GET /", "GET /api/", "GET /plain/", "PUT /plain/", "GET /function/", "POST /function/"),
    *("GET /api/users/", "POST /api/users/", "GET /api/users/recent/"),
    *(f"{method} /api/users/{{pk}}/" for method in ("GET", "PUT", "PATCH", "DELETE")),
    *("POST /api/users/{pk}/ban/", "DELETE /api/users/{pk}/ban/"),
    *("GET /api/groups/", "GET /api/groups/{pk}/"),
}


@pytest.mark.optional("Django REST framework comes from the network")
def test_routers_viewsets_and_permissions(tmp_path: Path) -> None:
    if os.environ.get("LOADSTONE_TEST_PYPI") != "1":
        pytest.skip("set LOADSTONE_TEST_PYPI=1 to install Django REST framework from PyPI")
    words = [str(BIN / "uv"), "pip", "install", "-q", "--no-deps", "--python", sys.executable, "djangorestframework"]
    subprocess.run([*words, "--target", str(tmp_path)], check=True, timeout=250)
    (tmp_path / "rest.py").write_text(SERVICE)
    read = routes_of([str(BIN / "gunicorn"), "--bind", "127.0.0.1:{port}", "rest:application"], tmp_path)
    assert own(read) == ROUTES
    by_id = {route.id: route for route in read.routes}
    assert by_id["GET /api/users/{pk}/"].fields[0].kind == "number"
    assert {name for name, route in by_id.items() if route.login} == {
        *("GET /api/groups/", "GET /api/groups/{pk}/", "GET /function/", "POST /function/"),
    }
    assert any("format's suffix" in note for note in read.notes)
