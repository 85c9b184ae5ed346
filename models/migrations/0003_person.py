from tortoise import migrations
from tortoise.migrations import operations as ops
from models.moment import MomentField
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('momentum', '0002_delivery')]

    initial = False

    operations = [
        ops.CreateModel(
            name='BindCode',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('tenant', fields.CharField(max_length=64)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('person_id', fields.IntField(db_index=True)),
                ('platform', fields.CharField(max_length=16)),
                ('user', fields.CharField(max_length=128)),
                ('expires_at', MomentField(auto_now=False, auto_now_add=False)),
                ('used_at', MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'bind_code', 'app': 'momentum', 'pk_attr': 'id', 'table_description': 'A code that somebody got in one place, to be typed in another. One at most a person.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ContactRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('tenant', fields.CharField(max_length=64)),
                ('platform', fields.CharField(max_length=16)),
                ('user', fields.CharField(max_length=128)),
                ('name', fields.CharField(default='', max_length=100)),
                ('mobile', fields.CharField(default='', max_length=20)),
                ('departments', fields.CharField(default='', max_length=400)),
                ('is_active', fields.BooleanField(default=True)),
                ('is_present', fields.BooleanField(default=False)),
                ('person_id', fields.IntField(null=True)),
                ('run_id', fields.IntField(default=0)),
                ('seen_at', MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'contact', 'app': 'momentum', 'unique_together': (('tenant', 'platform', 'user'),), 'indexes': [Index(fields=['tenant', 'person_id'])], 'pk_attr': 'id', 'table_description': "A member of a platform's contacts, whether or not we know the person."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ContactRun',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('tenant', fields.CharField(max_length=64)),
                ('platform', fields.CharField(max_length=16)),
                ('state', fields.CharField(default='walking', max_length=12)),
                ('cursor', fields.TextField(default='', unique=False)),
                ('pages', fields.IntField(default=0)),
                ('is_whole', fields.BooleanField(default=False)),
                ('why', fields.CharField(default='', max_length=400)),
                ('missing', fields.TextField(default='[]', unique=False)),
                ('started_at', MomentField(auto_now=False, auto_now_add=False)),
                ('moved_at', MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'contact_run', 'app': 'momentum', 'indexes': [Index(fields=['tenant', 'platform', 'state'])], 'pk_attr': 'id', 'table_description': "One walk through a platform's contacts. The cursor is kept, so a fault costs one page."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DepartmentRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('tenant', fields.CharField(max_length=64)),
                ('platform', fields.CharField(max_length=16)),
                ('number', fields.CharField(max_length=128)),
                ('name', fields.CharField(default='', max_length=200)),
                ('parent', fields.CharField(default='', max_length=128)),
                ('run_id', fields.IntField(default=0)),
            ],
            options={'table': 'department', 'app': 'momentum', 'unique_together': (('tenant', 'platform', 'number'),), 'pk_attr': 'id', 'table_description': 'A department as its platform names it.'},
            bases=['Model'],
        ),
    ]
