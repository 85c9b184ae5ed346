from tortoise import migrations
from tortoise.migrations import operations as ops
from models.moment import MomentField
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('momentum', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AttachmentRow',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('tenant', fields.CharField(max_length=64)),
                ('name', fields.CharField(max_length=200)),
                ('content', fields.BinaryField()),
                ('created_at', MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'attachment', 'app': 'momentum', 'indexes': [Index(fields=['tenant', 'created_at'])], 'pk_attr': 'key', 'table_description': "The bytes of a file under the key that an Attachment of a card names."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MonthlyCalls',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('tenant', fields.CharField(max_length=64)),
                ('platform', fields.CharField(max_length=16)),
                ('month', fields.CharField(max_length=7)),
                ('calls', fields.BigIntField(default=0)),
                ('told', fields.IntField(default=0)),
            ],
            options={'table': 'monthly_calls', 'app': 'momentum', 'unique_together': (('tenant', 'platform', 'month'),), 'pk_attr': 'id', 'table_description': 'Calls that a platform bills, by month (2026-03) in the zone of the tenant.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Notice',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('tenant', fields.CharField(max_length=64)),
                ('name', fields.CharField(max_length=32)),
                ('at', MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice', 'app': 'momentum', 'unique_together': (('tenant', 'name'),), 'pk_attr': 'id', 'table_description': 'When admins were last told of something.'},
            bases=['Model'],
        ),
        ops.RemoveIndex(
            model_name='OutboxRow',
            name=None,
            fields=['lane', 'state'],
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='direct',
            field=fields.BooleanField(default=False),
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='handle',
            field=fields.TextField(default='{}', unique=False),
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='is_reported',
            field=fields.BooleanField(default=False),
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='rank',
            field=fields.SmallIntField(default=3),
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='robot',
            field=fields.CharField(default='', max_length=64),
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='topic',
            field=fields.CharField(default='', max_length=100),
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='urgent',
            field=fields.BooleanField(default=False),
        ),
        ops.AddIndex(
            model_name='OutboxRow',
            index=Index(fields=['lane', 'state', 'sent_at']),
        ),
    ]
